import { LookPage } from '../../../../_features/teach/look-page.tsx'

export const metadata = { title: 'A learner’s picture' }

export default async function Page({ params }: { params: Promise<{ classId: string; sessionId: string }> }) {
  return <LookPage {...(await params)} />
}
