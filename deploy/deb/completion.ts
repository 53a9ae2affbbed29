import type { CommandPage } from './commands.ts';

/**
 * Completion for bash: the commands of a command, its options after a dash, and files where it takes an argument or an
 * option a value. Files are left to bash, which knows of `~`, of spaces and of folders.
 */
export function bashCompletion(pages: readonly CommandPage[]): string {
  return `# bash completion for fieldnote, made from its commands.
_fieldnote() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} at=fieldnote words options values i
  [[ $previous != = ]] || previous=\${COMP_WORDS[COMP_CWORD - 2]}
  for ((i = 1; i < COMP_CWORD; i++)); do
    case " ${pages.map(({ name }) => name.replaceAll(' ', '_')).join(' ')} " in
      *" \${at// /_}_\${COMP_WORDS[i]} "*) at="$at \${COMP_WORDS[i]}" ;;
      *) break ;;
    esac
  done
  case "$at" in
${pages.map(caseOf).join('\n')}
  esac
  if [[ $current == -* ]]; then
    words=$options
  elif [[ " $values " == *" $previous "* ]]; then
    return
  fi
  [[ -n $words ]] || return
  compopt +o default
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _fieldnote fieldnote
`;
}

/** What may follow a command; no words stands for a file. */
function caseOf({ name, names, usage, options }: CommandPage): string {
  const all = [...options.map(({ long }) => long), '--help'].join(' ');
  const values = options.filter(({ flags }) => /[<[]/.test(flags)).map(({ long }) => long);
  const words = names.length === 0 && usage === '' ? all : names.join(' ');
  return `    '${name}') words='${words}' options='${all}' values='${values.join(' ')}' ;;`;
}
