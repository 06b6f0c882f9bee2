'use client'

import { Button } from './_ui/button.tsx'

/** A page that broke: what is in the cluster is not lost, only the drawing of it. */
export default function PageError({ error, reset }: { error: Error; reset: () => void }) {
  return (
    <main style={{ maxWidth: 720, margin: '0 auto', padding: '64px 32px' }} role="alert">
      <h1>This page broke</h1>
      <p style={{ margin: '12px 0' }}>
        {error.message}. Your cluster and your terminals are not touched by it; drawing the page again usually helps.
      </p>
      <Button look="go" onClick={reset}>
        Draw it again
      </Button>
    </main>
  )
}
