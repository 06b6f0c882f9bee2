import { serviceReaches } from '../../../server/classroom/labs/index.ts'

export const checks = [serviceReaches('web', { selector: { app: 'web' }, port: 80, targetPort: 80, endpoints: 2 })]
