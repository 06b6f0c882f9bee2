import { GradesPage } from '../../../_features/teach/grades-page.tsx'

export const metadata = { title: 'Grades' }

export default async function Page({ params }: { params: Promise<{ classId: string }> }) {
  return <GradesPage classId={(await params).classId} />
}
