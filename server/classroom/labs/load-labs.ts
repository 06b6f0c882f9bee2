// Reads lab folders. Whatever is wrong with one is said with file and line, and all of it at start-up: a learner must
// never meet a broken lab half way.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { load, loadAll } from 'js-yaml'
import { z } from 'zod'
import type { KubeObject } from '../../kube/apimachinery/object-meta.ts'
import type { Check } from './check.ts'
import { type Lab, labMetadata, type Mistake, placeOf, type Script, type Step } from './lab.ts'
import { isLoop, LOOPS } from './loops.ts'
import { parseStep } from './step-markdown.ts'

/** Every folder of `directory` that has a lab.yaml, by number. */
export async function loadLabs(directory: string): Promise<Lab[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(directory, entry.name))
  const labs = (await Promise.all(folders.map(loadLabIfThere))).filter((lab) => lab !== undefined)
  labs.sort((one, other) => placeOf(one) - placeOf(other))
  refuseTwins(labs.map((lab) => ({ key: lab.id, where: lab.directory })))
  refuseTwins(labs.map((lab) => ({ key: lab.number, where: lab.directory })))
  return labs
}

async function loadLabIfThere(directory: string): Promise<Lab | undefined> {
  const text = await readOptional(join(directory, 'lab.yaml'))
  return text === undefined ? undefined : loadLab(directory, text)
}

async function loadLab(directory: string, metadataText: string): Promise<Lab> {
  const parsed = labMetadata.safeParse(load(metadataText))
  if (!parsed.success) throw new Error(`${directory}/lab.yaml:\n${z.prettifyError(parsed.error)}`)
  const names = (await readdir(join(directory, 'steps')))
    .filter((name) => name.endsWith('.md'))
    .map((name) => name.slice(0, -'.md'.length))
    .sort()
  if (names.length === 0) throw new Error(`${directory}/steps: a lab has at least one step`)
  const steps = await Promise.all(names.map((name, index) => loadStep(directory, name, index + 1)))
  refuseTwins(
    steps.flatMap((step) =>
      [...step.questions, ...step.answers].map(({ id }) => ({ key: id, where: `${directory}/steps/${step.name}.md` })),
    ),
  )
  return {
    ...parsed.data,
    directory,
    start: await loadObjects(join(directory, 'start.yaml')),
    steps,
    mistakes: await loadMistakes(join(directory, 'mistakes'), steps),
  }
}

async function loadStep(directory: string, name: string, number: number): Promise<Step> {
  const path = join(directory, 'steps', name)
  if (!name.startsWith(`${String(number).padStart(2, '0')}-`)) {
    throw new Error(`${path}.md: steps are numbered without a gap; this is step ${number}`)
  }
  const text = parseStep(await readFile(`${path}.md`, 'utf8'), `${path}.md`)
  const { checks } = (await import(pathToFileURL(`${path}.check.ts`).href)) as { checks?: readonly Check[] }
  if (!checks || checks.length === 0) throw new Error(`${path}.check.ts: export at least one check in \`checks\``)
  refuseTwins(checks.map(({ id }) => ({ key: id, where: `${path}.check.ts` })))
  const judged = checks.filter(({ rightAnswer }) => rightAnswer).map(({ id }) => id)
  const asked = text.answers.map(({ id }) => id)
  if (judged.sort().join() !== asked.sort().join()) {
    throw new Error(
      `${path}.md: every answer block has a check of the same id made by \`typedAnswer\`; asked: ${asked}, judged: ${judged}`,
    )
  }
  const solution = await readOptional(`${path}.solution.sh`)
  if (solution === undefined) throw new Error(`${path}.solution.sh: every step has a solution, which the tests run`)
  return {
    ...text,
    name,
    number,
    checks,
    start: await loadObjects(`${path}.start.yaml`),
    solution: scriptOf(solution, text, `${path}.solution.sh`),
  }
}

/** A mistake's first lines say where it is made and what the learner must read: `# Step: 2`, `# Says: …`. */
async function loadMistakes(directory: string, steps: readonly Step[]): Promise<Mistake[]> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith('.sh')).sort()
  return Promise.all(
    names.map(async (name) => {
      const script = await readFile(join(directory, name), 'utf8')
      const header = (key: string) => new RegExp(`^# ${key}: (.+)$`, 'm').exec(script)?.[1]
      const says = header('Says')
      const step = Number(header('Step'))
      const text = steps[step - 1]
      if (!says || !text) throw new Error(`${directory}/${name}: begin with "# Step: 2" and "# Says: what is read"`)
      return {
        name: name.slice(0, -'.sh'.length),
        step,
        says,
        needsContainers: header('Needs') === 'containers',
        script: scriptOf(script, text, `${directory}/${name}`),
        types: Object.fromEntries(
          [...script.matchAll(/^# Types: ([a-z0-9-]+) = (.+)$/gm)].map(([, id = '', text = '']) => [id, text]),
        ),
      }
    }),
  )
}

function scriptOf(text: string, { blocks }: Pick<Step, 'blocks'>, path: string): Script {
  const loops = (key: string) =>
    [...text.matchAll(new RegExp(`^# ${key}: (.+)$`, 'gm'))].map(([, name = '']) => {
      if (!isLoop(name)) throw new Error(`${path}: "${name}" is not a loop; labs know ${Object.keys(LOOPS).join(', ')}`)
      return name
    })
  const files = blocks.flatMap((block) => (block.type === 'file' ? [{ name: block.name, text: block.text }] : []))
  return { text, files, holds: loops('Hold'), releases: loops('Release') }
}

async function loadObjects(path: string): Promise<KubeObject[]> {
  const text = await readOptional(path)
  if (text === undefined) return []
  const objects = (loadAll(text) as (KubeObject | null)[]).filter((object) => object !== null)
  for (const object of objects) {
    if (!object.apiVersion || !object.kind || !object.metadata?.name) {
      throw new Error(`${path}: every object has apiVersion, kind and metadata.name`)
    }
  }
  return objects
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw err
  }
}

function refuseTwins(entries: { key: string; where: string }[]): void {
  const seen = new Set<string>()
  for (const { key, where } of entries) {
    if (seen.has(key)) throw new Error(`${where}: the id "${key}" is taken`)
    seen.add(key)
  }
}
