import type { Images } from "./images.ts";

/**
 * The images as `npm run images -- --push REGISTRY` names them there: name and hash stay.
 * @param registry host and path, such as `ghcr.io/acme/lakehouse`; undefined for images that the
 *   cluster already has.
 */
export function fromRegistry(images: Images, registry: string | undefined): Images {
  if (registry === undefined) return images;
  const { "spark-operator-chart": chart, ...refs } = images;
  const renamed = Object.entries(refs).map(([name, ref]) => [
    name,
    // Those of parts that the stack leaves out were not built.
    ref && `${registry}/${ref.replace(/^.*\//, "")}`,
  ]);
  return { ...(Object.fromEntries(renamed) as typeof refs), "spark-operator-chart": chart };
}
