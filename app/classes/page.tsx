import type { Metadata } from 'next'
import { ClassesPage } from '../_features/people/classes-page.tsx'

export const metadata: Metadata = { title: 'Classes' }

export default function Page() {
  return <ClassesPage />
}
