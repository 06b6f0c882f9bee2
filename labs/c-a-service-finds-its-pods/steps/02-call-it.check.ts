import { notesServiceAddress } from '../../../server/classroom/labs/index.ts'

export const checks = [notesServiceAddress({ pod: 'client', annotation: 'called', service: 'web' })]
