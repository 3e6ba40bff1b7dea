using System.Security.Cryptography;
using Dpfah.Core.Models;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Models;

/// <summary>The files of models in a local folder, by their digests.</summary>
internal sealed class ModelCache(Database database, EngineOptions options)
{
    private const string Extension = ".safetensors";

    private string Folder => Path.Combine(options.DataFolder, "models");

    /// <summary>The files of a model, fetched from the database when they are not there or were altered.</summary>
    public async Task<ModelFiles> FetchAsync(int modelId, CancellationToken cancellationToken)
    {
        StoredModel model = await database.ReadAsync(
            (context, token) => context.Models.SingleAsync(m => m.Id == modelId, token), cancellationToken);
        Directory.CreateDirectory(Folder);
        string backbone = Path.Combine(Folder, model.BackboneDigest + Extension);
        if (!IsBackbone(backbone, model.BackboneDigest))
        {
            await WriteAsync(backbone, await database.ReadAsync(
                (context, token) => context.Backbones.Where(b => b.Digest == model.BackboneDigest).Select(b => b.File).SingleAsync(token),
                cancellationToken));
        }

        // Heads of the same tensors may differ in what they say of themselves, such as their backbone: the whole file counts.
        string head = Path.Combine(Folder, Convert.ToHexStringLower(SHA256.HashData(model.Head)) + Extension);
        if (!File.Exists(head) || !(await File.ReadAllBytesAsync(head, cancellationToken)).AsSpan().SequenceEqual(model.Head))
        {
            await WriteAsync(head, model.Head);
        }

        return new ModelFiles(backbone, head);
    }

    /// <summary>Writes a file, which appears under its name when it is complete.</summary>
    private async Task WriteAsync(string path, byte[] file)
    {
        string temporary = Path.Combine(Folder, $".{Guid.NewGuid():n}");
        await File.WriteAllBytesAsync(temporary, file);
        File.Move(temporary, path, overwrite: true);
    }

    private static bool IsBackbone(string path, string digest)
    {
        try
        {
            if (!File.Exists(path))
            {
                return false;
            }

            using FileStream stream = File.OpenRead(path);
            return SafetensorsFile.Read(stream).Digest(stream) == digest;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }
}
