import { MissingPage } from '../../_ui/missing-page.tsx'

export default function NotFound() {
  return (
    <MissingPage title="There is no such lab">
      It may be of another course, or it was renamed since somebody gave you its address. Nothing was started.
    </MissingPage>
  )
}
