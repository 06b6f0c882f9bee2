import { WallPage } from '../../_features/teach/wall-page.tsx'

export const metadata = { title: 'Wall' }

export default async function Page({ params }: { params: Promise<{ classId: string }> }) {
  return <WallPage classId={(await params).classId} />
}
