import type { CommandPage } from './commands.ts';

const FILES = [
  ['/etc/fieldnote/fieldnote.yaml', 'Configuration of the service.'],
  ['/var/lib/fieldnote', 'Everything durable: reports that wait for a link, learned models.'],
  ['/etc/credstore.encrypted/fieldnote.*', 'Secrets for the service, written by systemd-creds(1).'],
  ['/dev/fieldnote/', 'Names of USB serial ports that stay the same.'],
  ['/usr/share/doc/fieldnote/examples/jetpack6.conf', 'Drop-in for systemd before 254.'],
] as const;

const EXIT_STATUS = [
  ['0', 'Done.'],
  ['1', 'Failed.'],
  ['2', 'Bad arguments.'],
  ['78', 'Bad configuration; the service is not started again by itself.'],
] as const;

/**
 * fieldnote(8) in the language of man(7), from the commands themselves.
 * @param date as YYYY-MM-DD
 */
export function manPage(pages: readonly CommandPage[], { version, date }: { version: string; date: string }) {
  const [program, ...commands] = pages;
  // A command with commands of its own may run by itself too, and then it has options.
  const runnable = commands.filter(({ names, options }) => names.length === 0 || options.length > 0);
  const lines = [
    `.TH FIELDNOTE 8 ${date} "Fieldnote ${version}" "System administration"`,
    '.SH NAME',
    'fieldnote \\- watches machines without a network and reports faults',
    '.SH SYNOPSIS',
    '.B fieldnote',
    '.I command',
    '[arguments]',
    '.SH DESCRIPTION',
    escaped(program?.about ?? ''),
    '.PP',
    'The service fieldnote.service runs it as the user fieldnote; its log is read with',
    '.BR "journalctl \\-u fieldnote" .',
    'No command needs a network.',
    '.SH COMMANDS',
    ...runnable.flatMap(commandLines),
    '.SH FILES',
    ...FILES.flatMap(([path, about]) => tagged(bold(path), escaped(about))),
    '.SH EXIT STATUS',
    ...EXIT_STATUS.flatMap(([status, about]) => tagged(bold(status), about)),
    '.SH SEE ALSO',
    '.BR journalctl (1),',
    '.BR systemctl (1),',
    '.BR systemd\\-creds (1)',
  ];
  return `${lines.join('\n')}\n`;
}

function commandLines({ name, usage, about, options }: CommandPage): string[] {
  return [
    '.SS',
    `${escaped(`${name} ${usage}`.trimEnd())}`,
    sentence(about),
    ...options.flatMap(({ flags, about }) => tagged(bold(flags), escaped(about))),
  ];
}

/** An item of a list: what it is, and what is said of it. */
function tagged(tag: string, text: string): string[] {
  return ['.TP', tag, text];
}

function sentence(text: string): string {
  const escapedText = escaped(text);
  return `${escapedText.charAt(0).toUpperCase()}${escapedText.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}

function bold(text: string): string {
  return `\\fB${escaped(text)}\\fR`;
}

/** A backslash begins an escape, a dash becomes a hyphen, and a dot or quote at the beginning makes a request. */
function escaped(text: string): string {
  const plain = text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('\n', ' ');
  return /^[.']/.test(plain) ? `\\&${plain}` : plain;
}
