using Dpfah.Core.Models;
using Dpfah.Core.Training;
using Dpfah.Engine.Data;
using Dpfah.Engine.Models;
using Dpfah.Engine.Training;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Generations;

/// <summary>Knows which pictures a model was trained on, by the digests of their bytes, and of which models that is not known.</summary>
/// <remarks>
/// <para>
/// Known are the pictures of a model that was trained here on a collection: its manifest is kept. Of a model that never saw a label
/// nothing has to be held out, whatever it was fitted on: it cannot have learned what a picture is to be found by, and directions and
/// a rotation that are fitted to the features of hundreds favour no single one of them. That is the first model; one that was fitted
/// here by a method without labels, on a data set (on a collection it has a manifest, which counts all the same); and one from
/// elsewhere of such a method, if its network is the first model's: ImageNet's, whose pictures are taken to be in no collection.
/// </para>
/// <para>
/// Not known are those of all others: of a model from elsewhere that learned from labels, or has a network that did, and of one that
/// was trained here on a data set, whose pictures may well be in the collection too.
/// </para>
/// </remarks>
internal sealed class SeenPictures(Database database, TrainedPictures trained, ModelStore models)
{
    /// <summary>What a model, or one that it started from, was trained on.</summary>
    /// <param name="modelId">Number of the model.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>
    /// SHA-256 of the pictures' bytes as uploaded, lower-case hex; and the names of those models of which it is not known, the model
    /// itself first.
    /// </returns>
    public async Task<(HashSet<string> Digests, IReadOnlyList<string> Unknown)> OfAsync(int modelId, CancellationToken cancellationToken)
    {
        var digests = new HashSet<string>(StringComparer.Ordinal);
        var unknown = new List<string>();
        for (int? next = modelId; next is { } id;)
        {
            if (await trained.ReadAsync(id, cancellationToken) is { } parts)
            {
                digests.UnionWith(parts.Where(part => part.Value is CollectionPart.Train or CollectionPart.Validation).Select(part => part.Key));
            }
            else if (await models.GetAsync(id, cancellationToken) is var model && await MaySeeLabelsAsync(model, cancellationToken))
            {
                unknown.Add(model.Description.Name);
            }

            next = await database.ReadAsync(
                (context, token) => context.Models.Where(m => m.Id == id).Select(m => m.ParentId).SingleOrDefaultAsync(token), cancellationToken);
        }

        return (digests, unknown);
    }

    /// <summary>What a person should know of figures on held-out pictures.</summary>
    /// <param name="unknown">The models of which it is not known what they were trained on.</param>
    /// <returns>A sentence; null when it is known of all.</returns>
    public static string? ReserveOf(IReadOnlyList<string> unknown) => unknown.Count == 0
        ? null
        : $"What {string.Join(" and ", unknown.Select(name => $"'{name}'"))} {(unknown.Count == 1 ? "was" : "were")} trained on is not known: "
            + "pictures that a model has seen may be among those that count as held out.";

    /// <summary>Whether a model without a manifest may have learned from labels of pictures that are in a collection.</summary>
    private async Task<bool> MaySeeLabelsAsync(ModelInfo model, CancellationToken cancellationToken)
    {
        ModelDescription description = model.Description;
        if (description.Name == models.DefaultName)
        {
            return false;
        }

        // Whether the network of a model that was trained here has learned from labels is its parent's to say.
        return await models.FindLineageAsync(model.Id, cancellationToken) is { Request: { } request }
            ? request.NeedsLabels
            : ModelDescription.LearnsFromLabels(description.Method)
                || description.Backbone.Digest != (await models.GetDefaultAsync(cancellationToken)).Description.Backbone.Digest;
    }
}
