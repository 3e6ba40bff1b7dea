namespace Dpfah.Engine.Models;

/// <summary>Reads of the models that the service stores.</summary>
public sealed class ModelReader
{
    private readonly ModelStore models;

    internal ModelReader(ModelStore models) => this.models = models;

    /// <summary>Models in the order in which they came.</summary>
    /// <param name="after">Number after which to begin; 0 for the start.</param>
    /// <param name="limit">Most models to return.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public Task<List<ModelRecord>> ListAsync(int after, int limit, CancellationToken cancellationToken) =>
        models.ListAsync(after, limit, cancellationToken);

    /// <summary>Names of all models, with their numbers, in the order in which they came.</summary>
    public Task<List<KeyValuePair<string, int>>> NamesAsync(CancellationToken cancellationToken) => models.NamesAsync(cancellationToken);
}
