using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dpfah.Api.Models;

/// <summary>A model: what turns pictures into codes.</summary>
/// <param name="Name">Its name, unique in the service.</param>
/// <param name="Method">How its hash layer came about: <c>itq</c>, or the method that it was trained by, such as <c>dpfah</c>.</param>
/// <param name="Title">The method's name as in papers, such as <c>DPFAH</c>.</param>
/// <param name="Bits">Length of its codes.</param>
/// <param name="Attention">Whether its network has the parameter-free attention (PFA).</param>
/// <param name="Classes">Names of the classes that it was trained with, in order; empty for a model without.</param>
/// <param name="Backbone">The network under the hash layer.</param>
/// <param name="Preprocessing">From a picture to the network's input.</param>
/// <param name="Parameters">Hyper-parameters of the method.</param>
/// <param name="Metrics">Figures measured when it was made.</param>
/// <param name="Digest">SHA-256 of all that decides about its codes, in hex.</param>
/// <param name="CreatedAt">When it was stored, UTC.</param>
/// <param name="IsDefault">Whether collections start with it that name no model.</param>
/// <param name="Collections">Names of the collections that it answers, in order.</param>
/// <param name="Parent">Name of the model that it was trained from. Left out in lists, and for a model without.</param>
/// <param name="Job">The job that made it. Left out in lists, and for a model that was brought along.</param>
/// <param name="Lineage">Data, code version and parameters of its training. Left out in lists, and where that is not known.</param>
public sealed record ModelResponse(
    string Name,
    string Method,
    string Title,
    int Bits,
    bool Attention,
    IReadOnlyList<string> Classes,
    BackboneResponse Backbone,
    PreprocessingResponse Preprocessing,
    IReadOnlyDictionary<string, string> Parameters,
    IReadOnlyDictionary<string, double> Metrics,
    string Digest,
    DateTime CreatedAt,
    bool IsDefault,
    IReadOnlyList<string> Collections,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Parent = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Job = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Lineage = null);

/// <summary>The network under the hash layer.</summary>
/// <param name="Architecture">Its kind.</param>
/// <param name="LastStageBlocks">Blocks of its last stage.</param>
/// <param name="Digest">SHA-256 of its tensors, in hex.</param>
public sealed record BackboneResponse(string Architecture, int LastStageBlocks, string Digest);

/// <summary>From a picture's preview to the network's input.</summary>
/// <param name="Resize">Length of the shorter side after resizing, in pixels.</param>
/// <param name="Crop">Side of the centre crop in pixels.</param>
/// <param name="Mean">What is taken from red, green and blue (0 to 255).</param>
/// <param name="Std">What they are then divided by.</param>
public sealed record PreprocessingResponse(int Resize, int Crop, IReadOnlyList<float> Mean, IReadOnlyList<float> Std);

/// <summary>A page of models.</summary>
/// <param name="Items">The models, in the order in which they came.</param>
/// <param name="NextCursor">Cursor of the next page; null on the last.</param>
public sealed record ModelList(IReadOnlyList<ModelResponse> Items, string? NextCursor);
