import type { Metadata } from 'next'
import { AccountsPage } from '../_features/people/accounts-page.tsx'

export const metadata: Metadata = { title: 'Accounts' }

export default function Page() {
  return <AccountsPage />
}
