import type { Metadata } from 'next'
import { ClassPage } from '../../_features/people/class-page.tsx'

export const metadata: Metadata = { title: 'Class' }

export default async function Page({ params }: { params: Promise<{ class: string }> }) {
  return <ClassPage classId={(await params).class} />
}
