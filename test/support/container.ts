import { join } from 'node:path';
import { run } from '../../deploy/deb/run.ts';
import { root } from './source-tree.ts';

/** What the Containerfile is built on; no registry of images is asked for it. */
const BASE = 'docker.io/library/debian:bookworm-slim';

/** Builds images and runs programs in them with buildah: no daemon, no engine, nothing outside of a folder. Needs root. */
export class Containers {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes a Debian in a folder the base of what is built. */
  importBase(folder: string): void {
    const empty = this.#buildah('from', 'scratch').trim();
    this.#buildah('add', '--quiet', empty, folder, '/');
    this.#buildah('commit', '--quiet', '--rm', empty, BASE);
  }

  build(name: string, args: Readonly<Record<string, string>>): void {
    const given = Object.entries(args).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
    const file = ['--file', join(root, 'deploy/container/Containerfile')];
    this.#buildah(
      'build',
      '--quiet',
      '--pull-never',
      '--isolation=chroot',
      ...given,
      '--tag',
      name,
      ...file,
      root,
    );
  }

  /** Makes a container of an image and gives its name. */
  create(image: string): string {
    return this.#buildah('from', '--pull-never', image).trim();
  }

  /** Runs a command in a container, as the user that its image names. */
  run(container: string, ...command: string[]): string {
    return this.#buildah('run', '--isolation=chroot', container, '--', ...command);
  }

  /** What the image says about itself. */
  settingsOf(image: string): Record<string, unknown> {
    return JSON.parse(this.#buildah('inspect', '--type=image', image)).OCIv1.config;
  }

  #buildah(...args: string[]): string {
    const places = ['--root', join(this.#folder, 'root'), '--runroot', join(this.#folder, 'run')];
    return run('buildah', [...places, '--storage-driver=vfs', ...args]);
  }
}
