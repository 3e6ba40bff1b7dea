using System.Text.Json;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Jobs.Parts;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Generations;

/// <summary>Hashes previews of generations that other nodes fill.</summary>
internal sealed class FillPartHandler(Database database, GenerationFiller filler) : IPartHandler
{
    /// <inheritdoc/>
    public string Kind => GenerationJob.KindName;

    /// <inheritdoc/>
    public IPartReader Begin(PartOrder first) => new Reader(database, filler);

    private sealed class Reader(Database database, GenerationFiller filler) : IPartReader
    {
        private Generation? generation;

        public async Task<Func<Task<byte[]>>> ReadAsync(PartOrder part, CancellationToken cancellationToken)
        {
            FillPart input = JsonSerializer.Deserialize<FillPart>(part.Input, JobJson.Options)!;
            generation ??= await FindAsync(input.Generation, cancellationToken);
            List<PreviewToHash> previews = await filler.ReadAsync(generation, input.First - 1, cancellationToken, input.Last);
            return async () =>
            {
                (Core.Imaging.ImageCode? Code, string? Problem)[] hashed = await filler.HashAsync(generation.ModelId, previews, cancellationToken);
                return JsonSerializer.SerializeToUtf8Bytes(previews.Zip(hashed, FillPartItem.Of), JobJson.Options);
            };
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private async Task<Generation> FindAsync(int id, CancellationToken cancellationToken)
        {
            Generation found = await database.ReadAsync(
                (context, token) => context.Generations.SingleOrDefaultAsync(g => g.Id == id, token), cancellationToken)
                ?? throw new CannotHelpException($"generation {id} is gone.");
            return await filler.CheckIdentityAsync(found, cancellationToken) is { } other ? throw new CannotHelpException(other) : found;
        }
    }
}
