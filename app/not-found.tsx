import Link from 'next/link'
import { TopBar } from './_ui/top-bar.tsx'

export default function NotFound() {
  return (
    <>
      <TopBar wide />
      <main style={{ maxWidth: 720, margin: '0 auto', padding: '64px 32px' }}>
        <h1>There is no such page</h1>
        <p style={{ margin: '12px 0' }}>The address may be of another course, or of a lab that was renamed.</p>
        <Link href="/">To the course</Link>
      </main>
    </>
  )
}
