import { MissingPage } from './_ui/missing-page.tsx'

export default function NotFound() {
  return (
    <MissingPage title="There is no such page">
      The address may be of another course, or it was copied without its end.
    </MissingPage>
  )
}
