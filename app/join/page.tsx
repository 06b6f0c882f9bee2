import type { Metadata } from 'next'
import { EnterCodePage } from '../_features/people/join-page.tsx'

export const metadata: Metadata = { title: 'Join a class' }

export default function Page() {
  return <EnterCodePage />
}
