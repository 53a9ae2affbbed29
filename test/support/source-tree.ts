import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { parseAst } from 'rolldown/parseAst';

/** One TypeScript file of the repository, parsed. */
export interface SourceFile {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly text: string;
  readonly lineCount: number;
  /** Files of the repository that it imports, relative to the root; type imports are `isType`. */
  readonly imports: readonly { readonly path: string; readonly isType: boolean }[];
  readonly functions: readonly { readonly name: string; readonly lineCount: number }[];
  /** Names that it declares: functions, classes, methods (also as Class.method), types and constants. */
  readonly names: ReadonlySet<string>;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export const root = normalize(join(import.meta.dirname, '../..'));

/** All TypeScript files below the given folders of the repository. */
export function readSources(folders: readonly string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readSource(join(folder, name))),
  );
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const imports: { path: string; isType: boolean }[] = [];
  const functions: { name: string; lineCount: number }[] = [];
  const names = new Set<string>();
  const program = parseAst(text, { lang: 'ts' }) as unknown as Node;

  const visit = (node: Node, className: string, nameOfParent: string) => {
    const name = nameOf(node) ?? nameOfParent;
    const from = importedPath(node);
    if (from?.startsWith('.')) {
      const isType = node['importKind'] === 'type' || node['exportKind'] === 'type';
      imports.push({ path: relative(root, join(root, dirname(path), from)), isType });
    }
    if (DECLARATIONS.has(node.type) && name !== '') {
      names.add(name);
      if (className !== '') names.add(`${className}.${name}`);
    }
    if (FUNCTIONS.has(node.type))
      functions.push({ name, lineCount: linesOf(text.slice(node.start, node.end)) });
    const inner = node.type === 'ClassDeclaration' ? name : className;
    const passedOn = NAMING.has(node.type) ? name : '';
    for (const child of childrenOf(node)) visit(child, inner, passedOn);
  };
  visit(program, '', '');
  return { path, text, lineCount: linesOf(text), imports, functions, names };
}

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const NAMING = new Set(['MethodDefinition', 'VariableDeclarator', 'PropertyDefinition', 'Property']);
const DECLARATIONS = new Set([
  'FunctionDeclaration',
  'ClassDeclaration',
  'MethodDefinition',
  'VariableDeclarator',
  'TSInterfaceDeclaration',
  'TSTypeAliasDeclaration',
]);

function nameOf(node: Node): string | undefined {
  const id = (node['id'] ?? node['key']) as { name?: unknown } | null | undefined;
  return typeof id?.name === 'string' ? id.name : undefined;
}

/** The path of `import … from`, `export … from`, `import()` and `new URL(…, import.meta.url)`. */
function importedPath(node: Node): string | undefined {
  const isNewUrl = node.type === 'NewExpression' && (node['callee'] as { name?: string }).name === 'URL';
  const argument = isNewUrl ? (node['arguments'] as Node[])[0] : node['source'];
  const value = (argument as { value?: unknown } | null | undefined)?.value;
  return typeof value === 'string' && value.endsWith('.ts') ? value : undefined;
}

function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flat()
    .filter((value): value is Node => typeof value === 'object' && value !== null && 'type' in value);
}

const linesOf = (text: string) => text.trimEnd().split('\n').length;
