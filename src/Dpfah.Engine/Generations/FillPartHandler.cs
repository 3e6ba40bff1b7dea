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
    public IPartReader Begin(PartJob job) => new Reader(
        database, filler, JsonSerializer.Deserialize<GenerationRequest>(job.Request, JobJson.Options) ?? throw new CannotHelpException("its request is empty."));

    private sealed class Reader(Database database, GenerationFiller filler, GenerationRequest request) : IPartReader
    {
        private Generation? generation;

        public async Task OpenAsync(CancellationToken cancellationToken)
        {
            generation = await database.ReadAsync(
                (context, token) => context.Generations.SingleOrDefaultAsync(g => g.Id == request.Generation, token), cancellationToken)
                ?? throw new CannotHelpException($"generation {request.Generation} is gone.");
            if (await filler.CheckIdentityAsync(generation, cancellationToken) is { } other)
            {
                throw new CannotHelpException(other);
            }
        }

        public async Task<Func<Task<byte[]>>?> ReadAsync(PartOrder part, CancellationToken cancellationToken)
        {
            FillPart input = JsonSerializer.Deserialize<FillPart>(part.Input, JobJson.Options) ?? throw new CannotHelpException("a part of it is empty.");
            List<PreviewToHash> previews = await filler.ReadAsync(generation!, input.First - 1, cancellationToken, input.Last);
            return async () =>
            {
                (Core.Imaging.ImageCode? Code, string? Problem)[] hashed = await filler.HashAsync(generation!.ModelId, previews, cancellationToken);
                return JsonSerializer.SerializeToUtf8Bytes(previews.Zip(hashed, FillPartItem.Of), JobJson.Options);
            };
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
