// Numbers that carry their own check: of books and of credit cards.
// Upstream: kube-openapi/pkg/internal/third_party/govalidator.

const digitsOf = (text: string) => Array.from(text, (sign) => (sign === 'X' ? 10 : Number(sign)))
const total = (digits: readonly number[], worth: (digit: number, at: number) => number) =>
  digits.reduce((sum, digit, at) => sum + worth(digit, at), 0)
const withoutDashes = (text: string) => text.replace(/[\t\n\f\r -]+/g, '')

export function isIsbn10(text: string): boolean {
  const number = withoutDashes(text)
  return /^\d{9}[\dX]$/.test(number) && total(digitsOf(number), (digit, at) => digit * (at + 1)) % 11 === 0
}

export function isIsbn13(text: string): boolean {
  const number = withoutDashes(text)
  return /^\d{13}$/.test(number) && total(digitsOf(number), (digit, at) => digit * (at % 2 ? 3 : 1)) % 10 === 0
}

const CARD =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/

/** Whatever stands between its digits. */
export function isCreditCard(text: string): boolean {
  const number = text.replace(/\D+/g, '')
  const fromBehind = digitsOf(number).reverse()
  const doubled = (digit: number) => (digit > 4 ? digit * 2 - 9 : digit * 2)
  return CARD.test(number) && total(fromBehind, (digit, at) => (at % 2 ? doubled(digit) : digit)) % 10 === 0
}
