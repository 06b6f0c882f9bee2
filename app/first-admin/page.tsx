import type { Metadata } from 'next'
import { FirstAdminPage } from '../_features/people/first-admin-page.tsx'

export const metadata: Metadata = { title: 'Administrator' }

export default function Page() {
  return <FirstAdminPage />
}
