import type { Metadata } from 'next'
import { CoursePage } from './_features/course/course-page.tsx'

export const metadata: Metadata = { title: 'Course' }

export default function Page() {
  return <CoursePage />
}
