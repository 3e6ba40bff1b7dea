using Dpfah.Api.Collections;
using Dpfah.Engine.Generations;

namespace Dpfah.Api.Generations;

/// <summary>Which generation is wanted.</summary>
/// <param name="Model">Name of its model. GET /models lists them.</param>
/// <param name="Activate"><c>when-better</c> activates it when it is complete and better on held-out labelled pictures; left out, it waits.</param>
public sealed record CreateGenerationRequest(string? Model, string? Activate);

/// <summary>How a generation is activated; all of it may be left out.</summary>
/// <param name="Force">Passes a closed gate; the history says who did. Missing pictures cannot be passed.</param>
/// <param name="Confirm">Says that somebody has looked, where no picture has a label; the history says who did.</param>
public sealed record ActivateGenerationRequest(bool? Force, bool? Confirm);

/// <summary>A generation of a collection.</summary>
/// <param name="Generation">What its codes depend on.</param>
/// <param name="State">How far it has come.</param>
/// <param name="Pictures">Pictures that have a code in it.</param>
/// <param name="Missing">Pictures of the collection that have none.</param>
/// <param name="Job">The job that fills it, or filled it last; null for a collection's first.</param>
/// <param name="Activate"><c>when-better</c> when it activates itself; null when it waits.</param>
/// <param name="Comparison">How it compares with the one that answered when it was complete; null before.</param>
/// <param name="CreatedBy">Name of the key that asked for it; null without keys.</param>
/// <param name="CreatedAt">When it was begun, UTC.</param>
public sealed record GenerationStatusResponse(
    GenerationResponse Generation,
    GenerationProgress State,
    long Pictures,
    long Missing,
    long? Job,
    string? Activate,
    GenerationComparison? Comparison,
    string? CreatedBy,
    DateTime CreatedAt);

/// <summary>The generations of a collection.</summary>
/// <param name="Items">Those that are there, in the order of their numbers.</param>
/// <param name="History">What answered from when on, the newest switch first; at most 200.</param>
public sealed record GenerationList(IReadOnlyList<GenerationStatusResponse> Items, IReadOnlyList<SwitchRecord> History);

/// <summary>A generation answers.</summary>
/// <param name="Generation">Its number.</param>
/// <param name="Switched">Whether it was switched to by this request; false when it answered already.</param>
/// <param name="Position">A search that names this position is answered by it.</param>
/// <param name="Comparison">How it compares with the one that answered before; null when it was not compared.</param>
public sealed record ActivationResponse(int Generation, bool Switched, string Position, GenerationComparison? Comparison);
