import { expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { CSINode } from '../../kinds/csi-node.ts'
import { Node } from '../../kinds/node.ts'
import { ensureCsiNode, publishDrivers } from './csi-node.ts'

it('has a machine known without any driver, and leaves what is told of those that there are', async () => {
  await using test = await startTestServer()
  const { client } = test
  const node = await client.of(Node).create({ metadata: { name: 'node-1' } })
  const find = () => client.of(CSINode).get({ name: 'node-1' })
  await ensureCsiNode(client, 'node-1', node.metadata!.uid!)
  expect(await find()).toMatchObject({
    metadata: {
      annotations: {
        'storage.alpha.kubernetes.io/migrated-plugins': expect.stringContaining('kubernetes.io/aws-ebs,'),
      },
      ownerReferences: [{ kind: 'Node', name: 'node-1', uid: node.metadata?.uid }],
    },
  })
  expect((await find()).spec?.drivers ?? []).toEqual([])
  await publishDrivers(client, 'node-1', [{ name: 'a.io', nodeId: 'n', topology: {}, mostVolumes: 0 }])
  await ensureCsiNode(client, 'node-1', node.metadata!.uid!)
  expect((await find()).spec?.drivers).toMatchObject([{ name: 'a.io', nodeID: 'n' }])
})

it('has a machine known again under a Node that was made anew, though what belonged to the former is still there', async () => {
  await using test = await startTestServer()
  const { client } = test
  const make = async () => (await client.of(Node).create({ metadata: { name: 'node-1' } })).metadata!.uid!
  await ensureCsiNode(client, 'node-1', await make())
  await client.of(Node).delete({ name: 'node-1' })
  const uid = await make()
  await ensureCsiNode(client, 'node-1', uid)
  expect((await client.of(CSINode).get({ name: 'node-1' })).metadata?.ownerReferences).toMatchObject([{ uid }])
})
