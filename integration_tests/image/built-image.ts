import { execFileSync, type spawn } from 'node:child_process';
import { root as projectRoot } from '../airbyte/tools.js';
import { type Outcome, run } from '../support/processes/command.js';

/** What an image says of how it is to be run. */
export interface ImageConfig {
  User: string;
  Env: string[];
  Entrypoint: string[];
  Labels: Record<string, string>;
  WorkingDir: string;
  StopSignal: string;
}

interface IsolatedOptions {
  /** The folder that is mounted at /airbyte, the one place besides /tmp that can be written. */
  home: string;
  environment: Record<string, string>;
  during?: (child: ReturnType<typeof spawn>) => void;
}

/** An image that scripts/build-image.sh made with buildah, and a container of it. */
export class BuiltImage {
  readonly name: string;
  readonly container: string;
  /** Where the container's files are. */
  readonly root: string;
  readonly config: ImageConfig;

  constructor(name: string) {
    this.name = `localhost/${name}`;
    this.container = buildah('from', '--pull-never', this.name);
    this.root = buildah('mount', this.container);
    this.config = JSON.parse(buildah('inspect', '--type', 'image', this.name)).OCIv1.config;
  }

  /** The size, in MB. */
  get megabytes(): number {
    const [size, unit] = buildah('images', '--format', '{{.Size}}', this.name).split(' ');
    if (unit !== 'MB') throw new Error(`${size} ${unit}`);
    return Number(size);
  }

  /** The command line that runs it in a container of buildah, which has the network of this machine. */
  command(
    args: readonly string[],
    options: { volumes?: string[]; environment?: Record<string, string> } = {},
  ): string[] {
    const volumes = (options.volumes ?? []).flatMap((volume) => ['--volume', volume]);
    const environment = Object.entries(options.environment ?? {}).flatMap(([name, value]) => [
      '--env',
      `${name}=${value}`,
    ]);
    const flags = ['run', '--isolation', 'chroot', ...volumes, ...environment, this.container, '--'];
    return [`${projectRoot}scripts/buildah.sh`, ...flags, ...this.config.Entrypoint, ...args];
  }

  run(args: readonly string[], options: Parameters<BuiltImage['command']>[1] = {}): Promise<Outcome> {
    const [program, ...rest] = this.command(args, options) as [string, ...string[]];
    return run(program, rest, {});
  }

  /**
   * Runs it as a strict platform would: a read-only root, process 1 of its own process namespace, no rights, no shell in
   * between, in a folder of the platform's.
   */
  isolated(args: readonly string[], { home, environment, during }: IsolatedOptions): Promise<Outcome> {
    const script = [
      'set -e; root=$1; home=$2; shift 2',
      'mount --bind "$root" "$root"; mount -o remount,bind,ro "$root"',
      'mount -t tmpfs tmpfs "$root/tmp"; mount -t proc proc "$root/proc"; mount --rbind /dev "$root/dev"',
      'mount --bind "$home" "$root/airbyte"',
      'exec chroot --userspec=1000:1000 "$root" "$@"',
    ].join('\n');
    const shell = ['sh', '-c', script, 'sh', this.root, home, ...this.config.Entrypoint, ...args];
    return run('unshare', ['--mount', '--pid', '--fork', ...shell], { environment, ...(during ? { during } : {}) });
  }

  remove(): void {
    buildah('umount', this.container);
    buildah('rm', this.container);
  }
}

function buildah(...args: string[]): string {
  try {
    return execFileSync('buildah', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }).trim();
  } catch (error) {
    throw new Error('No image to test: run scripts/build-image.sh with buildah first, as root.', { cause: error });
  }
}
