// What each file of tests begins with: a served project, a browser, and the session of the project's admin.
import { launch, Visit } from "./browser.mjs";
import { started } from "./project.mjs";

export async function signed_in(options) {
  const world = {
    async stop() {
      await world.browser?.close();
      world.project?.stop();
    },
  };
  try {
    world.project = await started(options);
    world.browser = await launch();
    const visit = await (await Visit.open(world.browser, world.project)).sign_in();
    world.session = await visit.context.storageState();
    await visit.close();
    return world;
  } catch (failure) {
    await world.stop();
    throw failure;
  }
}
