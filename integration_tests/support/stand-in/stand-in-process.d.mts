export function startProcess(...directory: string[]): Promise<{
  port: number;
  complaints(): string;
  kill(): void;
  end(): Promise<void>;
}>;
