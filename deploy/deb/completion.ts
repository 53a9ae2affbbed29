import type { CommandPage } from './commands.ts';

/** Completion for bash: commands, their commands and options; files where an argument stands. */
export function bashCompletion(pages: readonly CommandPage[]): string {
  const cases = pages.map(({ name, names, options }) => {
    const words = [...names, ...options.map(({ long }) => long), '--help'];
    return `    '${name}') words='${words.join(' ')}' ;;`;
  });
  return `# bash completion for fieldnote, made from its commands.
_fieldnote() {
  local current=\${COMP_WORDS[COMP_CWORD]} at=fieldnote words i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case " ${groupsOf(pages).join(' ')} " in
      *" \${at// /_}_\${COMP_WORDS[i]} "*) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  [[ \${#COMPREPLY[@]} -gt 0 ]] || mapfile -t COMPREPLY < <(compgen -f -- "$current")
}
complete -o filenames -F _fieldnote fieldnote
`;
}

/** Every command as one word. */
function groupsOf(pages: readonly CommandPage[]): string[] {
  return pages.map(({ name }) => name.replaceAll(' ', '_'));
}
