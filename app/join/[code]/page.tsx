import type { Metadata } from 'next'
import { JoinPage } from '../../_features/people/join-page.tsx'

export const metadata: Metadata = { title: 'Join a class' }

export default async function Page({ params }: { params: Promise<{ code: string }> }) {
  const { code } = await params
  return <JoinPage code={decodeURIComponent(code)} />
}
