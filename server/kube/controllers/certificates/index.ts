// Requests for certificates: approved, signed and cleaned away, by three loops.

export { certificateApprovingController } from './approving.ts'
export { certificateCleaningController } from './cleaning.ts'
export type { Renewals } from './renewals.ts'
export { certificateSigningController, type SignCertificate } from './signing.ts'
