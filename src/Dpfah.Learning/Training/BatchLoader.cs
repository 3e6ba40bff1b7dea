using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Training;

/// <summary>The pictures of an epoch in shuffled batches, decoded ahead of the device on threads of their own.</summary>
/// <remarks>
/// Order and augmentation depend on seed, epoch and picture alone: not on threads, nor on where a run was broken off. A last batch of
/// one picture joins the one before it, since batch norm has no variance to take of a single value.
/// </remarks>
internal sealed class BatchLoader
{
    private const int BatchesAhead = 2;

    private readonly PictureSet pictures;
    private readonly NetworkInput input;
    private readonly TrainingOptions options;
    private readonly ConcurrentBag<float[]> buffers = [];

    public BatchLoader(PictureSet pictures, NetworkInput input, TrainingOptions options)
    {
        if (pictures.Count < 2)
        {
            throw new InvalidDataException($"There are {pictures.Count} pictures to train on; batch norm needs at least 2.");
        }

        this.pictures = pictures;
        this.input = input;
        this.options = options;
    }

    /// <summary>Batches of an epoch.</summary>
    public int Batches => Bounds().Count();

    /// <summary>The batches of an epoch, in order. The pixels of a batch are valid until the next one is taken.</summary>
    /// <param name="epoch">From 0.</param>
    /// <param name="cancellationToken">Ends the decoding.</param>
    /// <exception cref="InvalidDataException">A picture cannot be read; the message names the file and its position.</exception>
    public IEnumerable<Batch> Epoch(int epoch, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ahead = Channel.CreateBounded<Batch>(BatchesAhead);
        Task producer = Task.Run(() => ProduceAsync(epoch, ahead.Writer, stop.Token), CancellationToken.None);
        try
        {
            while (WaitForBatch(ahead.Reader, cancellationToken))
            {
                while (ahead.Reader.TryRead(out Batch? batch))
                {
                    yield return batch;
                    buffers.Add(batch.Pixels);
                }
            }
        }
        finally
        {
            stop.Cancel();
            producer.Wait(CancellationToken.None);
        }
    }

    /// <summary>Positions of an epoch's pictures, in the order in which they are seen.</summary>
    internal int[] Order(int epoch)
    {
        int[] order = [.. Enumerable.Range(0, pictures.Count)];
        new SeededRandom(Mix(options.Seed, (ulong)epoch, ulong.MaxValue)).Shuffle(order.AsSpan());
        return order;
    }

    private static bool WaitForBatch(ChannelReader<Batch> reader, CancellationToken cancellationToken) =>
        reader.WaitToReadAsync(cancellationToken).AsTask().GetAwaiter().GetResult();

    private async Task ProduceAsync(int epoch, ChannelWriter<Batch> writer, CancellationToken cancellationToken)
    {
        try
        {
            int[] order = Order(epoch);
            foreach ((int start, int end) in Bounds())
            {
                int[] positions = order[start..end];
                await writer.WriteAsync(new Batch(positions, Decode(positions, epoch)), cancellationToken);
            }

            writer.Complete();
        }
        catch (OperationCanceledException)
        {
            writer.TryComplete();
        }
#pragma warning disable CA1031 // Whatever it is, the reader throws it.
        catch (Exception error)
#pragma warning restore CA1031
        {
            writer.TryComplete(error);
        }
    }

    private float[] Decode(int[] positions, int epoch)
    {
        int length = positions.Length * input.Length;
        if (!buffers.TryTake(out float[]? pixels) || pixels.Length < length)
        {
            pixels = new float[length];
        }

        try
        {
            Parallel.For(0, positions.Length, i => Decode(positions[i], epoch, pixels.AsSpan(i * input.Length, input.Length)));
        }
        catch (AggregateException errors)
        {
            ExceptionDispatchInfo.Throw(errors.InnerExceptions[0]);
        }

        return pixels;
    }

    private void Decode(int position, int epoch, Span<float> destination)
    {
        RgbImage picture;
        try
        {
            picture = pictures.Read(position);
        }
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException(
                $"Training picture {position} ('{pictures.NameOf(position)}') cannot be read in epoch {epoch + 1}: {error.Message}", error);
        }

        if (options.Augmentation == Augmentation.CropAndFlip)
        {
            input.WriteAugmented(picture, new SeededRandom(Mix(options.Seed, (ulong)epoch, (ulong)position)), destination);
        }
        else
        {
            input.Write(picture, destination);
        }
    }

    private IEnumerable<(int Start, int End)> Bounds()
    {
        int start = 0;
        while (start < pictures.Count)
        {
            int end = Math.Min(start + options.BatchSize, pictures.Count);
            if (pictures.Count - end == 1)
            {
                end++;
            }

            yield return (start, end);
            start = end;
        }
    }

    // Three numbers to one, each bit of the result depending on all of theirs: draws from a generator seeded by the first.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong a, ulong b, ulong c) => new SeededRandom(new SeededRandom(a).Next() ^ new SeededRandom(b + 1).Next() ^ (c * 0x9E3779B97F4A7C15)).Next();
}

/// <summary>A batch as the loader gives it.</summary>
/// <param name="Positions">Positions in the training set.</param>
/// <param name="Pixels">At least (B, 3, side, side) floats; what is beyond is of an earlier batch.</param>
internal sealed record Batch(int[] Positions, float[] Pixels);
