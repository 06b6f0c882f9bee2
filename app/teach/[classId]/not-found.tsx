import { MissingPage } from '../../_ui/missing-page.tsx'

export default function NotFound() {
  return (
    <MissingPage title="There is no such class" way={{ href: '/classes', words: 'To your classes' }}>
      Or you do not teach it. Whoever made the class can let you in, on its page.
    </MissingPage>
  )
}
