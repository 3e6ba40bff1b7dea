using Dpfah.Engine.Data.Entities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Dpfah.Engine.Data;

/// <summary>The database as a SQLite file.</summary>
internal sealed class SqliteContext(DbContextOptions<SqliteContext> options) : DpfahContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<Change>().Ignore(c => c.Xid);
    }

    /// <summary>For `dotnet ef migrations`; opens no connection.</summary>
    internal sealed class DesignTimeFactory : IDesignTimeDbContextFactory<SqliteContext>
    {
        public SqliteContext CreateDbContext(string[] args) =>
            new(new DbContextOptionsBuilder<SqliteContext>().UseSqlite("Data Source=dpfah.db").Options);
    }
}
