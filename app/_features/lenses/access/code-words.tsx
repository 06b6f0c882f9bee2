/** What stands between backticks, as code. */
export function CodeWords({ children }: { children: string }) {
  return children.split('`').map((text, index) => {
    const key = `${index} ${text}`
    return index % 2 === 1 ? <code key={key}>{text}</code> : <span key={key}>{text}</span>
  })
}
