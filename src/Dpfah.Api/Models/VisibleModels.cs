using Dpfah.Api.Access;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;

namespace Dpfah.Api.Models;

/// <summary>
/// The models that a caller sees. Models belong to the service, but one that was trained on a collection tells its labels: a key that is
/// for some collections sees those of these collections, those that they are hashed by, and those of no collection.
/// </summary>
/// <param name="models">All models.</param>
/// <param name="search">The collections.</param>
/// <param name="scope">What the caller sees.</param>
internal sealed class VisibleModels(ModelCatalogue models, SearchService search, CollectionScope scope)
{
    /// <summary>Names of the models that the caller sees, with their numbers, in the order in which they came.</summary>
    public async Task<List<KeyValuePair<string, int>>> NamesAsync(CancellationToken cancellationToken)
    {
        if (scope.IsAll)
        {
            return await models.NamesAsync(cancellationToken);
        }

        HashSet<int> used = UsedModels();
        return [.. (await models.OriginsAsync(cancellationToken)).Where(origin => used.Contains(origin.Id) || IsOriginSeen(origin))
            .Select(origin => new KeyValuePair<string, int>(origin.Name, origin.Id))];
    }

    /// <summary>The number of a model; null when the caller sees none of that name.</summary>
    public async Task<int?> FindAsync(string name, CancellationToken cancellationToken)
    {
        List<KeyValuePair<string, int>> known = await NamesAsync(cancellationToken);
        int at = known.FindIndex(model => model.Key == name);
        return at < 0 ? null : known[at].Value;
    }

    /// <summary>Models after a number, in the order in which they came.</summary>
    public async Task<List<ModelRecord>> ListAsync(int after, int limit, CancellationToken cancellationToken)
    {
        if (scope.IsAll)
        {
            return await models.ListAsync(after, limit, cancellationToken);
        }

        HashSet<int> seen = [.. (await NamesAsync(cancellationToken)).Select(model => model.Value)];
        return [.. (await models.ListAsync(after, int.MaxValue, cancellationToken)).Where(model => seen.Contains(model.Id)).Take(limit)];
    }

    /// <summary>Whether the caller may know what a model was trained on and how: one can be used where its training is not seen.</summary>
    public async Task<bool> IsOriginSeenAsync(int modelId, CancellationToken cancellationToken) =>
        scope.IsAll || ((await models.OriginsAsync(cancellationToken)).Find(origin => origin.Id == modelId) is { } found && IsOriginSeen(found));

    /// <summary>Whether the caller may repeat the training of a model: that of a data set is of no collection.</summary>
    public async Task<bool> IsTrainingSeenAsync(int modelId, CancellationToken cancellationToken) =>
        scope.IsAll || ((await models.OriginsAsync(cancellationToken)).Find(origin => origin.Id == modelId) is { Dataset: null } found && IsOriginSeen(found));

    private bool IsOriginSeen(ModelOrigin origin) => origin.Collection is null || scope.Allows(origin.Collection);

    private HashSet<int> UsedModels() =>
        [.. search.Collections.Where(c => scope.Allows(c.Name)).SelectMany(c => search.LiveBeside(c).Select(live => live.Generation.ModelId).Append(c.Generation.ModelId))];
}
