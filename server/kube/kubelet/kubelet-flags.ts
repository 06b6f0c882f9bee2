// The flags of a machine's kubelet that are heeded here, in the file where kubeadm keeps them.

export const KUBELET_FLAGS = '/var/lib/kubelet/kubeadm-flags.env'

/** `--NAME=VALUE` or `--NAME VALUE`. */
export const kubeletFlag = (text: string, name: string): string | undefined =>
  new RegExp(`--${name}[= ]([^\\s"]+)`).exec(text)?.[1]
