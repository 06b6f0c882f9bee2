import type { Metadata } from 'next'
import { LogInPage } from '../_features/people/log-in-page.tsx'

export const metadata: Metadata = { title: 'Log in' }

export default function Page() {
  return <LogInPage />
}
