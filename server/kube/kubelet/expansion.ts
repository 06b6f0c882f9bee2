// `$(NAME)` in commands, arguments and values. `$$` is a dollar; an unknown name stays as it was written.
// Upstream: third_party/forked/golang/expansion.
//
//   "$(HOST):$(PORT)" → "10.0.0.1:80"      "$$(HOST)" → "$(HOST)"      "$(NOBODY)" → "$(NOBODY)"

export function expand(text: string, values: Pick<ReadonlyMap<string, string>, 'get'>): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) => {
    if (whole === '$$') return '$'
    return values.get(name ?? '') ?? whole
  })
}
