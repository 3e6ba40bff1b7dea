using System.Security.Cryptography;
using Dpfah.Engine.Blobs;
using Dpfah.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Jobs;

/// <summary>Files in the database.</summary>
public abstract class BlobTests(ServiceFixture fixture)
{
    private readonly BlobStore blobs = fixture.Service.Services.GetRequiredService<BlobStore>();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(BlobStore.ChunkBytes)]
    [InlineData((3 * BlobStore.ChunkBytes) + 17)]
    public async Task A_stream_comes_back_byte_for_byte(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);

        BlobInfo blob = await blobs.SpoolAsync(new MemoryStream(bytes), "a file", length, CancellationToken.None);
        using var copy = new MemoryStream();
        await using (Stream stream = await blobs.OpenReadAsync(blob.Id, CancellationToken.None))
        {
            await stream.CopyToAsync(copy);
        }

        Assert.Equal(bytes, copy.ToArray());
        Assert.Equal((length, Convert.ToHexStringLower(SHA256.HashData(bytes))), (blob.Length, blob.Sha256));
        await blobs.DeleteAsync(blob.Id, CancellationToken.None);
        await Assert.ThrowsAsync<FileNotFoundException>(() => blobs.OpenReadAsync(blob.Id, CancellationToken.None));
    }

    [Fact]
    public async Task It_can_be_read_from_anywhere()
    {
        byte[] bytes = new byte[(2 * BlobStore.ChunkBytes) + 100];
        new Random(1).NextBytes(bytes);
        BlobInfo blob = await blobs.SpoolAsync(new MemoryStream(bytes), "a file", bytes.Length, CancellationToken.None);
        await using Stream stream = await blobs.OpenReadAsync(blob.Id, CancellationToken.None);
        byte[] piece = new byte[50];
        foreach (int start in (int[])[bytes.Length - 50, 0, BlobStore.ChunkBytes - 25, 7])
        {
            stream.Seek(start, SeekOrigin.Begin);
            stream.ReadExactly(piece);
            Assert.Equal(bytes.AsSpan(start, 50).ToArray(), piece);
        }

        Assert.Equal(0, stream.Seek(-bytes.Length, SeekOrigin.End));
    }

    [Fact]
    public async Task A_reader_that_knows_no_token_is_ended_by_that_of_the_stream()
    {
        byte[] bytes = new byte[2 * BlobStore.ChunkBytes];
        BlobInfo blob = await blobs.SpoolAsync(new MemoryStream(bytes), "a file", bytes.Length, CancellationToken.None);
        using var stop = new CancellationTokenSource();
        await using Stream stream = await blobs.OpenReadAsync(blob.Id, stop.Token);
        byte[] chunk = new byte[BlobStore.ChunkBytes];
        stream.ReadExactly(chunk);

        await stop.CancelAsync();

        Assert.ThrowsAny<OperationCanceledException>(() => stream.ReadExactly(chunk));
    }

    [Fact]
    public async Task Nothing_is_left_of_a_stream_that_is_too_long_or_breaks_off()
    {
        long before = await fixture.Database.ReadAsync<long>("SELECT count(*) FROM blobs WHERE name = 'bad'");
        byte[] bytes = new byte[3 * BlobStore.ChunkBytes];

        BlobTooLargeException error = await Assert.ThrowsAsync<BlobTooLargeException>(
            () => blobs.SpoolAsync(new MemoryStream(bytes), "bad", bytes.Length - 1, CancellationToken.None));
        await Assert.ThrowsAsync<IOException>(() => blobs.SpoolAsync(new BrokenStream(bytes), "bad", long.MaxValue, CancellationToken.None));

        Assert.Equal(bytes.Length - 1, error.Limit);
        Assert.Equal(before, await fixture.Database.ReadAsync<long>("SELECT count(*) FROM blobs WHERE name = 'bad'"));
        Assert.Equal(0, await fixture.Database.ReadAsync<long>("SELECT count(*) FROM blob_chunks c WHERE NOT EXISTS (SELECT 1 FROM blobs b WHERE b.id = c.blob_id)"));
    }

    private sealed class BrokenStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position > BlobStore.ChunkBytes ? throw new IOException("The connection broke.") : base.ReadAsync(buffer, cancellationToken);
    }
}

public sealed class BlobTests_Postgres(PostgresService fixture) : BlobTests(fixture), IClassFixture<PostgresService>;

public sealed class BlobTests_Sqlite(SqliteService fixture) : BlobTests(fixture), IClassFixture<SqliteService>;
