using Dpfah.Core.Models;

namespace Dpfah.Engine.Models;

/// <summary>
/// A model that the host brings along: stored at start when it is not there yet, and the model of the default collection where that
/// has to be made. Registered as a service, or not: then the default collection starts with the first model, like all others.
/// </summary>
/// <param name="Name">Name of the model, as its description has it. A stored model of this name is taken as it is.</param>
/// <param name="Files">Its files.</param>
public sealed record InitialModel(string Name, ModelFiles Files);
