/** So many wrong passwords are allowed... */
const allowed = 5;
/** ...within this time, in ms. Then nothing is accepted until it is over. */
const span = 60_000;
/** Addresses that are remembered at most. */
const mostAddresses = 10_000;

/** Slows down whoever guesses passwords, by address. */
export class Attempts {
  readonly #failures = new Map<string, { count: number; readonly until: number }>();

  /** How long an address must wait before it may try again, in whole seconds; 0 if it may now. */
  secondsToWait(address: string, now: number): number {
    const failures = this.#failures.get(address);
    if (failures === undefined || failures.count < allowed || failures.until <= now) return 0;
    return Math.ceil((failures.until - now) / 1000);
  }

  /** Notes down a wrong password. */
  failed(address: string, now: number): void {
    const failures = this.#failures.get(address);
    if (failures !== undefined && failures.until > now) {
      failures.count++;
      return;
    }
    this.#failures.delete(address);
    this.#failures.set(address, { count: 1, until: now + span });
    if (this.#failures.size > mostAddresses) this.#forgetOldest();
  }

  /** Forgets what an address did before it knew the password. */
  succeeded(address: string): void {
    this.#failures.delete(address);
  }

  #forgetOldest(): void {
    const [oldest] = this.#failures.keys();
    if (oldest !== undefined) this.#failures.delete(oldest);
  }
}
