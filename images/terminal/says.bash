# What the shell says to whoever opened it (server/classroom/terminals/container-shells.ts) is nothing to programs that it
# starts: another shell would print it.
export -n PS0 PS2 PROMPT_COMMAND
# Second in the list of commands: a .bashrc that sets PROMPT_COMMAND, as older homes have one, sets the first.
[ -z "${PROMPT_COMMAND-}" ] || PROMPT_COMMAND=([1]="$PROMPT_COMMAND")
