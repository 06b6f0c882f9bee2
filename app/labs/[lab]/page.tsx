import type { Metadata } from 'next'
import { LabWorkbench } from '../../_features/lab-workbench/lab-workbench.tsx'

export const metadata: Metadata = { title: 'Lab' }

export default async function Page({ params }: { params: Promise<{ lab: string }> }) {
  const { lab } = await params
  return <LabWorkbench labId={lab} />
}
