// What a key means while Ctrl is held, as terminals have always had it: the letter's last five bits.

export function withControl(text: string): string {
  const code = text.length === 1 ? text.toUpperCase().charCodeAt(0) : 0
  return code >= 0x40 && code <= 0x5f ? String.fromCharCode(code & 0x1f) : text
}
