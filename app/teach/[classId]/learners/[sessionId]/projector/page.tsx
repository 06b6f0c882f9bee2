import { ProjectorPage } from '../../../../../_features/teach/projector-page.tsx'

export const metadata = { title: 'On the projector' }

export default async function Page({ params }: { params: Promise<{ classId: string; sessionId: string }> }) {
  return <ProjectorPage {...(await params)} />
}
