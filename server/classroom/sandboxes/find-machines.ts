// Where worker machines come from on this host: the data centre, or nowhere. In the second case clusters have simulated
// nodes, and the course page says why and what would mend it.

import type { Logger } from '../../base/logger.ts'
import type { DataCentre } from '../../machines/index.ts'
import type { CourseView } from '../api/contract.ts'

export interface MachinesHere {
  machines: CourseView['machines']
  dataCentre?: DataCentre
}

const AGAIN = 'then start Podium again'

export async function findMachines(options: {
  stateDir: string
  wanted: 'auto' | 'simulated'
  /** Hears what is being done while it takes time. */
  say: (line: string) => void
  logger: Logger
}): Promise<MachinesHere> {
  const { stateDir, wanted, say, logger } = options
  if (wanted === 'simulated') {
    return simulated('simulated machines were asked for', 'Unset PODIUM_MACHINES, then start Podium again.')
  }
  // Simulated nodes need no Docker, and none of what speaks to it.
  const { imagesAreReady, openDataCentre } = await import('../../machines/index.ts')
  try {
    if (!(await imagesAreReady({ stateDir }))) {
      return simulated('the images of machines are not built yet', `Run "npx podium images build", ${AGAIN}.`)
    }
  } catch (err) {
    logger.info('no container engine', { err })
    return simulated(
      'no container engine answers on this host',
      `Run "npx podium doctor" for what is missing, ${AGAIN}.`,
    )
  }
  try {
    const dataCentre = await openDataCentre({ stateDir, log: say })
    return { machines: { kind: 'real', reason: '', remedy: '' }, dataCentre }
  } catch (err) {
    logger.warn('worker machines cannot be had', { err })
    return simulated((err as Error).message, `Run "npx podium doctor" for what is missing, ${AGAIN}.`)
  }
}

const simulated = (reason: string, remedy: string): MachinesHere => ({
  machines: { kind: 'simulated', reason, remedy },
})
