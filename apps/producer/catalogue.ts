import { formatCents } from "./money.ts";
import { Random, WeightedChoice } from "./random.ts";

/** What the shop sells, as the events of a product need it. */
export interface Product {
  readonly id: string;
  readonly category: string | null;
  readonly brand: string | null;
  /** Price of one piece in cents. */
  readonly cents: number;
}

interface Department {
  readonly category: string;
  readonly brands: readonly string[];
  /** Cheapest and dearest product, in whole units of the currency. */
  readonly prices: readonly [number, number];
  /** Share of the shop's visits, relative to the others. */
  readonly popularity: number;
}

const departments: readonly Department[] = [
  {
    category: "electronics.smartphone",
    brands: ["samsung", "apple", "xiaomi", "huawei", "oppo"],
    prices: [90, 1400],
    popularity: 30,
  },
  {
    category: "electronics.audio.headphone",
    brands: ["sony", "apple", "jbl", "sennheiser"],
    prices: [15, 380],
    popularity: 9,
  },
  {
    category: "electronics.video.tv",
    brands: ["samsung", "lg", "sony", "philips"],
    prices: [150, 2600],
    popularity: 8,
  },
  {
    category: "computers.notebook",
    brands: ["lenovo", "acer", "hp", "asus", "apple"],
    prices: [280, 2500],
    popularity: 10,
  },
  {
    category: "computers.peripherals.mouse",
    brands: ["logitech", "razer", "a4tech"],
    prices: [8, 110],
    popularity: 4,
  },
  {
    category: "appliances.kitchen.refrigerators",
    brands: ["bosch", "lg", "indesit", "haier"],
    prices: [220, 1500],
    popularity: 7,
  },
  {
    category: "appliances.kitchen.washer",
    brands: ["bosch", "lg", "samsung", "beko"],
    prices: [190, 900],
    popularity: 7,
  },
  {
    category: "appliances.environment.vacuum",
    brands: ["dyson", "philips", "karcher"],
    prices: [40, 650],
    popularity: 5,
  },
  {
    category: "furniture.living_room.sofa",
    brands: ["brw", "askona"],
    prices: [180, 1200],
    popularity: 3,
  },
  {
    category: "apparel.shoes.keds",
    brands: ["nike", "adidas", "respect"],
    prices: [25, 180],
    popularity: 8,
  },
  {
    category: "kids.toys",
    brands: ["lego", "hasbro", "chicco"],
    prices: [5, 160],
    popularity: 5,
  },
  {
    category: "sport.bicycle",
    brands: ["stels", "trek"],
    prices: [120, 1900],
    popularity: 2,
  },
];

const productsPerDepartment = 150;

/** Real catalogues have gaps: these shares of the products have no brand, and no category. */
const withoutBrand = 0.06;
const withoutCategory = 0.04;

/** The shop's products and how often each is looked at. */
export class Catalogue {
  readonly products: readonly Product[];
  readonly #byPopularity: WeightedChoice;

  constructor(random: Random) {
    const products: Product[] = [];
    const weights: number[] = [];
    for (const department of departments) {
      for (let rank = 0; rank < productsPerDepartment; rank++) {
        products.push(makeProduct(random, department, products.length));
        // A few products draw most of the visits (Zipf's law).
        weights.push(department.popularity / (rank + 3));
      }
    }
    this.products = products;
    this.#byPopularity = new WeightedChoice(weights);
  }

  /** Index of a product that visitors come for. */
  pickPopular(random: Random): number {
    return this.#byPopularity.pick(random);
  }

  /** Index of some product of the same department. */
  pickSimilar(random: Random, index: number): number {
    return index - (index % productsPerDepartment) + random.below(productsPerDepartment);
  }
}

function makeProduct(random: Random, department: Department, index: number): Product {
  const [cheapest, dearest] = department.prices;
  // Cheap products are more numerous than dear ones: even on a logarithmic scale.
  const price = cheapest * (dearest / cheapest) ** random.next();
  const ending = random.pick([0, 50, 90, 95, 99]);
  return {
    id: String(1_000_000 + index * 37 + random.below(37)),
    category: random.chance(withoutCategory) ? null : department.category,
    brand: random.chance(withoutBrand) ? null : random.pick(department.brands),
    cents: Math.floor(price) * 100 + ending,
  };
}

/** The part of an event's JSON that says which product it is about. */
export function productJson({ id, category, brand, cents }: Product): string {
  const fields = { product_id: id, category, brand, price: formatCents(cents) };
  return JSON.stringify(fields).slice(1, -1);
}
