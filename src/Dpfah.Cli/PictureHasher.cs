using System.Runtime.CompilerServices;
using System.Text.Json;
using Dpfah.Core.Imaging;
using Dpfah.Core.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.Cli;

/// <summary>From files to codes, by the same preview as in the service.</summary>
internal sealed class PictureHasher(IPreviewMaker previews, IImageEncoder encoder) : IAsyncDisposable
{
    // Enough to keep decoder threads and batches full, far less than an encoder's queue holds.
    private const int FilesInFlight = 16;

    /// <summary>Loads a model; the first model may have to be made for it, which takes a while.</summary>
    /// <param name="services">The seam between pictures and codes.</param>
    /// <param name="settings">Which model.</param>
    /// <param name="progress">Told how far the making of the first model is.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="CommandException">A file of the model is damaged, or cannot be read or written.</exception>
    public static async Task<PictureHasher> OpenAsync(
        IServiceProvider services, EncoderSettings settings, IProgress<(string Step, double Done)> progress, CancellationToken cancellationToken)
    {
        try
        {
            ModelFiles files = settings.Model
                ?? await Task.Run(() => FirstModel(services.GetRequiredService<IFirstModel>(), settings, progress, cancellationToken), cancellationToken);
            IImageEncoderFactory factory = services.GetRequiredService<IImageEncoderFactory>();
            return new PictureHasher(services.GetRequiredService<IPreviewMaker>(), await Task.Run(() => factory.Open(files), cancellationToken));
        }
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The model cannot be loaded: {error.Message}", error);
        }
    }

    /// <summary>Hashes files, several at a time; gives them in their order.</summary>
    public async IAsyncEnumerable<HashedFile> HashAsync(
        IEnumerable<string> paths, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pending = new Queue<Task<HashedFile>>();
        foreach (string path in paths)
        {
            if (pending.Count == FilesInFlight)
            {
                yield return await pending.Dequeue();
            }

            pending.Enqueue(Task.Run(() => HashAsync(path, cancellationToken), cancellationToken));
        }

        while (pending.TryDequeue(out Task<HashedFile>? next))
        {
            yield return await next;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => encoder.DisposeAsync();

    private static ModelFiles FirstModel(
        IFirstModel first, EncoderSettings settings, IProgress<(string Step, double Done)> progress, CancellationToken cancellationToken)
    {
        string folder = Path.Combine(settings.DataFolder, "first-model");
        Directory.CreateDirectory(folder);
        return first.Create(folder, progress, cancellationToken);
    }

    private async Task<HashedFile> HashAsync(string path, CancellationToken cancellationToken)
    {
        byte[] bytes;
        try
        {
            bytes = await File.ReadAllBytesAsync(path, cancellationToken);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return HashedFile.Failed(path, "unreadable", error.Message);
        }

        PreviewResult result = previews.Make(bytes);
        if (result.Preview is null)
        {
            string reason = JsonNamingPolicy.CamelCase.ConvertName($"{result.Rejection}");
            return HashedFile.Failed(path, reason, result.Detail);
        }

        return HashedFile.Done(path, await encoder.EncodeAsync(result.Preview.Jpeg, cancellationToken));
    }
}
