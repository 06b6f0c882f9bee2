export function LabWorkbench({ labId }: { labId: string }) {
  return <main>{labId}</main>
}
