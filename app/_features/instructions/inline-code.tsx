/** Plain text in which `names` between back-ticks are the cluster speaking. */
export function InlineCode({ text }: { text: string }) {
  const parts = text.split('`')
  return parts.map((part, index) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text have no identity but their place
    return index % 2 === 1 && index < parts.length - 1 ? <code key={index}>{part}</code> : part
  })
}
